What a GitOps tool owns is not changed: the failing Deployment is watched, and its Recovery says who owns it

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
  0   annotate web argocd.argoproj.io/tracking-id shop:apps/Deployment:shop/web
  1   unready web.1
  1   unready web.2
  40  end
