import Git

extension PendingMove {
  /// Why the commit is not the one that the gate allowed, or `nil`. Of a train only the last tree was judged;
  /// each commit before it is one of its members, alone on the one before.
  package func fault(in repository: Repository) throws(GitError) -> String? {
    guard try repository.objectHeader(new).kind == .commit else { return "it is no commit" }
    let commit = try repository.commit(new)
    if commit.tree != tree { return "its tree is not the one that passed the gate" }
    if !members.isEmpty { return try trainFault(in: repository) }
    if commit.parents.first != old { return "it does not follow '\(old.short)'" }
    let others = Array(commit.parents.dropFirst())
    if let base { return others == [base] ? nil : "its second parent is not the base '\(base.short)'" }
    return others.isEmpty ? nil : "it has \(commit.parents.count) parents, and a step's has one"
  }

  private func trainFault(in repository: Repository) throws(GitError) -> String? {
    var before = old
    for (step, oid) in members {
      guard try repository.objectExists(oid), try repository.objectHeader(oid).kind == .commit else {
        return "the commit of '\(step)', '\(oid.short)', is not here"
      }
      guard try repository.commit(oid).parents == [before] else {
        return "the commit of '\(step)', '\(oid.short)', does not follow '\(before.short)' alone"
      }
      before = oid
    }
    return before == new ? nil : "it is not the last commit of its train"
  }
}
