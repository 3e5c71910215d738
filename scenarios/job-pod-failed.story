A failed pod of a Job is left to the Job

cluster
  nodes n1 n2
  job import 1 on n1

settings
  settle_period 1

story
  0   fail import.1
  15  end
