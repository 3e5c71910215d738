A receiver that fails, closes and is busy is told everything in the end, and no recovery waits for it

cluster
  nodes n1 n2 n3
  deployment web 2

settings
  health_check_interval 1
  settle_period 1

story
  0   receiver slack fails
  1   fail web.1
  5   receiver slack closes
  12  receiver slack busy
  45  receiver slack well
  80  end
