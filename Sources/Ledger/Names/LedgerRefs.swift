extension Ledger {
  /// A ref under this name says nothing: it is made and deleted to see whether the server takes our refs.
  package static let probes = "refs/migrate/probe/"

  /// Refs that only one clone has.
  package static let ownFolders = [GitRemote.prefix, Ledger.refusedFolder]
}
