A critical failure is told to everybody who is to hear of it, and the page is resolved

not on real: its receivers are played there by a scenario of its own

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

settings
  health_check_interval 1
  deployment_check_interval 60
  settle_period 1
  pagerduty_enabled true
  email_recipients team@example.com
  email_smtp_server mail.example

story
  0   not-ready n1
  60  end
