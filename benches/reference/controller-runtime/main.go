// A controller that deletes failed pods and cordons nodes that are not ready, for our benches to compare with.
// The cluster is the one of KUBECONFIG.
package main

import (
	"context"
	"flag"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func main() {
	kind := flag.String("cache", "full", "what is kept of pods and nodes: full or trimmed")
	elect := flag.Bool("leader-elect", false, "stand for election, and work only while leading")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(*kind, *elect); err != nil {
		ctrl.Log.Error(err, "cannot run")
		os.Exit(1)
	}
}

func run(kind string, elect bool) error {
	caching, err := cacheOptions(kind)
	if err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	// A mass failure is to show how fast the controller is, not a limit of its client. It is the default by now, and must
	// stay so here.
	config.QPS = -1

	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Cache: caching,
		// By default one at a time, each waiting for the API server's answer to the one before. The rate limiter of the
		// queue stays: it slows down only what is tried again after an error.
		Controller: ctrlconfig.Controller{MaxConcurrentReconciles: 20},
		// The timings are controller-runtime's own: 15 s, 10 s, 2 s.
		LeaderElection:          elect,
		LeaderElectionID:        "reference",
		LeaderElectionNamespace: "default",
		// Off by default; without it every successor would wait until the Lease has run out.
		LeaderElectionReleaseOnCancel: true,
		// Nobody reads the metrics.
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}

	// What needs nothing is dropped before the queue, so that a large cluster's first list does not pass through it.
	if err := ctrl.NewControllerManagedBy(mgr).
		For(&corev1.Pod{}, builder.WithPredicates(predicate.NewPredicateFuncs(toDelete))).
		Complete(reconcile.AsReconciler(mgr.GetClient(), pods{mgr.GetClient()})); err != nil {
		return err
	}
	if err := ctrl.NewControllerManagedBy(mgr).
		For(&corev1.Node{}, builder.WithPredicates(predicate.NewPredicateFuncs(toCordon))).
		Complete(reconcile.AsReconciler(mgr.GetClient(), nodes{mgr.GetClient()})); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

func toDelete(object client.Object) bool {
	pod := object.(*corev1.Pod)
	return pod.Status.Phase == corev1.PodFailed && pod.DeletionTimestamp.IsZero()
}

func toCordon(object client.Object) bool {
	node := object.(*corev1.Node)
	return !ready(node) && !node.Spec.Unschedulable
}

func ready(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

type pods struct{ client.Client }

func (c pods) Reconcile(ctx context.Context, pod *corev1.Pod) (reconcile.Result, error) {
	if !toDelete(pod) {
		return reconcile.Result{}, nil
	}
	// Only the very pod that was seen, and only if nobody has changed it since.
	seen := client.Preconditions{UID: &pod.UID, ResourceVersion: &pod.ResourceVersion}
	if err := c.Delete(ctx, pod, seen); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	ctrl.LoggerFrom(ctx).Info("deleted")
	return reconcile.Result{}, nil
}

type nodes struct{ client.Client }

func (c nodes) Reconcile(ctx context.Context, node *corev1.Node) (reconcile.Result, error) {
	if !toCordon(node) {
		return reconcile.Result{}, nil
	}
	// The answer is written into what is patched, which therefore must not be what came from the cache.
	target := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node.Name}}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"unschedulable":true}}`))
	if err := c.Patch(ctx, target, patch); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	ctrl.LoggerFrom(ctx).Info("cordoned")
	return reconcile.Result{}, nil
}
