import Git

@testable import Ledger

/// A remote that does nothing of its own: tests change a part of it.
class ForwardingRemote: LedgerRemote {
  let real: any LedgerRemote

  init(_ real: any LedgerRemote) { self.real = real }

  var name: String { real.name }
  func fetch(branches: [String]) throws(GitError) -> OID? { try real.fetch(branches: branches) }
  func fetch(attempts: [String]) throws(GitError) { try real.fetch(attempts: attempts) }
  func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    try real.push(updates)
  }
  func knownTip() throws(GitError) -> OID? { try real.knownTip() }
  func knownTip(ofBranch ref: String) throws(GitError) -> OID? { try real.knownTip(ofBranch: ref) }
  func remember(_ tip: OID) throws(GitError) { try real.remember(tip) }
  func probe(_ commit: OID) throws(GitError) -> ProbeOutcome { try real.probe(commit) }
}
