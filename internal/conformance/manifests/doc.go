// Package manifests guards one rule: what examples/ has for Kubernetes, Tekton and Argo is what those systems take, down to the last field.
// Kubernetes' files are decoded into its own types. Tekton's and Argo's types bring some 70 and 40 modules along, so theirs are held to the schemas
// that they publish with them, by checksum. It refuses to be part of the program: it is tests alone, in a module of its own.
package manifests
