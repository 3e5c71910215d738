{{/* What `app` and app.kubernetes.io/name say. */}}
{{- define "healing.name" -}}
{{ .Values.nameOverride | default .Chart.Name }}
{{- end }}

{{/* Name of the Deployment and of what belongs to it. Not made from the release's name: the Lease and the ConfigMap
     have fixed names, so a namespace can hold one controller only. */}}
{{- define "healing.fullname" -}}
{{ .Values.fullnameOverride | default (include "healing.name" .) }}
{{- end }}

{{/* How the names of roles and bindings begin. */}}
{{- define "healing.prefix" -}}
{{ .Values.fullnameOverride | default "self-healing" }}
{{- end }}

{{- define "healing.selector" -}}
app: {{ include "healing.name" . }}
{{- end }}

{{- define "healing.labels" -}}
{{- $own := dict
  "app" (include "healing.name" .)
  "app.kubernetes.io/name" (include "healing.name" .)
  "app.kubernetes.io/part-of" "self-healing"
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{- define "healing.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* A value of the ConfigMap as text: a number from values must not become 1e+06. */}}
{{- define "healing.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* The ServiceAccount as a subject of bindings. */}}
{{- define "healing.subjects" -}}
- kind: ServiceAccount
  name: {{ .Values.serviceAccount.name }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Fails on values that contradict each other. */}}
{{- define "healing.check" -}}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled }}
{{- fail "podMonitor.enabled and serviceMonitor.enabled are both true: every sample would be there twice; set one of them to false" }}
{{- end }}
{{- if and (gt (int .Values.replicaCount) 1) (eq (toString .Values.config.leader_election) "false") }}
{{- fail "replicaCount is more than 1 and config.leader_election is false: several controllers would act at once; set replicaCount to 1 or leave leader_election out" }}
{{- end }}
{{- end }}
