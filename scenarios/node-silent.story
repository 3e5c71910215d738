The pods of a silent node run elsewhere, with stock settings

cluster
  nodes n1 n2 n3
  deployment web 2 on n1

story
  0    silence n1
  150  end
