package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// cacheOptions say what is kept of each object.
//
// Neither kind asks the API server for failed pods only: it would be the least to keep, but what is compared is what it takes
// to have all pods in view, as a controller must that also judges those that run. The wire is protobuf for both, which
// controller-runtime chooses by itself for built-in types.
func cacheOptions(kind string) (cache.Options, error) {
	switch kind {
	case "full":
		return cache.Options{}, nil
	case "trimmed":
		share := true
		return cache.Options{
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Pod{}:  {Transform: trimPod},
				&corev1.Node{}: {Transform: trimNode},
			},
			// Reads from the cache need no copies: nothing here changes what it has read.
			DefaultUnsafeDisableDeepCopy: &share,
		}, nil
	default:
		return cache.Options{}, fmt.Errorf("--cache is full or trimmed, not %q", kind)
	}
}

// trimPod makes a new pod of what is read, so that the rest of the old one is freed.
func trimPod(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	return &corev1.Pod{
		ObjectMeta: trimMeta(&pod.ObjectMeta),
		Status:     corev1.PodStatus{Phase: pod.Status.Phase},
	}, nil
}

func trimNode(object any) (any, error) {
	node, ok := object.(*corev1.Node)
	if !ok {
		return object, nil
	}
	trimmed := &corev1.Node{
		ObjectMeta: trimMeta(&node.ObjectMeta),
		Spec:       corev1.NodeSpec{Unschedulable: node.Spec.Unschedulable},
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			kept := corev1.NodeCondition{Type: condition.Type, Status: condition.Status}
			trimmed.Status.Conditions = []corev1.NodeCondition{kept}
		}
	}
	return trimmed, nil
}

func trimMeta(meta *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace:         meta.Namespace,
		Name:              meta.Name,
		UID:               meta.UID,
		ResourceVersion:   meta.ResourceVersion,
		DeletionTimestamp: meta.DeletionTimestamp,
	}
}
