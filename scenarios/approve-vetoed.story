A person's veto ends it, whatever else is found on the same pod

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  mode Approve

story
  0   unready web.1
  25  cancel web.1
  27  set mode Enforce
  28  crash-loop web.1 9
  46  end
