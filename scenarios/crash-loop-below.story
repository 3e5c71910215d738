A pod that restarted four times is not yet in a crash loop

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  settle_period 1

story
  0   crash-loop web.1 4
  15  end
