import Git
import Migration

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
  var lastContact: Timestamp? { real.lastContact }
  func refs(_ patterns: [String]) throws(GitError) -> [String] { try real.refs(patterns) }
  func fetchArchive(_ ref: String) throws(GitError) -> OID? { try real.fetchArchive(ref) }
  var takesDrafts: Bool { real.takesDrafts }
  func askForDrafts(_ commit: OID) throws(GitError) { try real.askForDrafts(commit) }
  func noteDraftsRefused() { real.noteDraftsRefused() }
  func waiting() throws(GitError) -> [WaitingDraft] { try real.waiting() }
  var pushesSinceFetch: Int { real.pushesSinceFetch }
  func delete(_ refs: [(ref: String, commit: OID)]) throws(GitError) -> String? { try real.delete(refs) }
}

/// A server on which a killed program left the ledger's lock: whoever pushes seems to be too late.
final class StubbornRemote: ForwardingRemote {
  /// After so many pushes it gives in, so that a test of who never gives up has an end.
  static let limit = 60
  var isStubborn = true
  private(set) var pushes = 0

  override func push(_ updates: [GitProgram.PushUpdate]) throws(GitError) -> GitProgram.PushOutcome {
    pushes += 1
    return isStubborn && pushes < StubbornRemote.limit ? .lost([Ledger.ref]) : try real.push(updates)
  }
}
