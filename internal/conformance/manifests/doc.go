// Package manifests guards one rule: the examples for Kubernetes, Tekton and Argo are valid for those
// systems, down to the last field. Kubernetes' files are decoded into its own types. Tekton's and Argo's
// types would bring some 70 and 40 modules along, so those files are checked against the schemas that they
// publish, verified by checksum. It has tests only, in a module of its own.
package manifests
