A controller that is killed right after it restarted a Deployment does not restart it again

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy restarts
  match:
    namespaces: [shop]
  strategies:
    deployment_failure:
      high: restart

settings
  health_check_interval 60
  deployment_check_interval 3
  settle_period 1

story
  0   unready web.1
  0   unready web.2
  0   kill controller after restart web
  60  end
