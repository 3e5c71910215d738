A Service that a GitOps tool keeps is left alone, and a person is told who keeps it

cluster
  nodes n1 n2 n3
  deployment web 2 on n1
  deployment spare 1 on n2
  service web standby spare

settings
  health_check_interval 1
  pod_check_interval 60
  deployment_check_interval 60
  settle_period 1

story
  0   annotate service/web argocd.argoproj.io/tracking-id shop:/Service:shop/web
  2   unready web.1
  2   unready web.2
  45  end
