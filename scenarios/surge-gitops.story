Where a GitOps tool owns the Deployment, the pod is moved as by recreate, and the Deployment is not touched

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
  0   annotate web argocd.argoproj.io/tracking-id shop:apps/Deployment:shop/web
  1   crash-loop web.1 9
  40  end
