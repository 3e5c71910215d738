A protected namespace is acted on where a policy names it, and only there

cluster
  nodes n1 n2
  deployment kube-system/dns 2 on n1
  deployment kube-public/info 2 on n1

policy heal-dns
  match:
    namespaces: [kube-system]
    workloadKinds: [Deployment]

settings
  settle_period 1

story
  0   fail kube-system/dns.1
  0   fail kube-public/info.1
  15  end
