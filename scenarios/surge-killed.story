A controller that is killed after each of its writes starts one pod more only once, and takes it back

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

policy surges
  match:
    namespaces: [shop]
  strategies:
    pod_failure:
      medium: scale_and_replace

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1

story
  0   crash-loop web.1 9
  0   kill controller after scale web
  0   kill controller after delete web.1
  0   kill controller after unscale web
  90  end
