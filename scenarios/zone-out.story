Both nodes of a zone fall silent at once: the zone is out, so nothing is done, although the cluster alone would allow it

cluster
  node a1 zone a
  node a2 zone a
  node b1 zone b
  node b2 zone b
  node b3 zone b
  deployment web 2 on a1

settings
  health_check_interval 10
  deployment_check_interval 60

story
  0   silence a1
  0   silence a2
  90  end
