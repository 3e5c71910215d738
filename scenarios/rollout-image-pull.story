A new revision whose image cannot be pulled, while the earlier one is well, is one trouble of its Deployment

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  settle_period 1

story
  0   release web image-pull-backoff
  25  end
