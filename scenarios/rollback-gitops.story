What a GitOps tool owns is not rolled back: its Recovery says who owns it, and a person is called

cluster
  nodes n1 n2 n3
  deployment web 4 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   annotate web self-healing.dev/auto-rollback true
  0   annotate web argocd.argoproj.io/tracking-id shop:apps/Deployment:shop/web
  1   release web crash-loop
  40  end
