A Deployment whose pods have gone bad is restarted where a policy says so, in the way of kubectl rollout restart

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
  60  end
