/// The files in `hooks/`, which the build puts into the program.
package enum HookScripts {
  /// The hooks of git that we are, all by the same text: it looks at its own name.
  package static let names = ["reference-transaction", "pre-merge-commit", "pre-push", "pre-receive"]

  /// The text of each of them.
  package static let text = String(decoding: PackageResources.hook, as: UTF8.self)

  /// For every other hook in a folder of ours: the one of the folder that `core.hooksPath` named.
  package static let forward = String(decoding: PackageResources.forward, as: UTF8.self)
}
