What a receiver refuses for good is not sent again, and what follows is told

cluster
  nodes n1 n2 n3
  deployment web 2

settings
  health_check_interval 1
  settle_period 1

story
  0   exclude web.1
  0   receiver slack refuses
  1   fail web.1
  10  receiver slack well
  20  cancel web.1
  40  end
