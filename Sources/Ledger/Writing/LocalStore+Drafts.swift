import Git
import System

/// What processes of one clone leave for each other while one of them has the queue.
extension LocalStore {
  /// What lies here. Looks at the folder, not at all the refs there are: every append asks. One that was
  /// packed is not seen, and so nobody takes it along; whoever left it takes it away.
  func waiting() throws(LedgerError) -> [WaitingDraft] {
    let folder = repository.commonDirectory + "/" + LedgerRefs.inboxFolder
    guard Files.exists(folder), let names = try? Files.listDirectory(folder) else { return [] }
    var drafts: [WaitingDraft] = []
    for name in names.sorted() where !name.hasSuffix(".lock") {
      let ref = LedgerRefs.inboxFolder + name
      // Whoever has it may take it away at this moment.
      guard let tip = (try? repository.resolve(ref)).flatMap(\.self) else { continue }
      drafts.append(WaitingDraft(ref: ref, tip: tip))
    }
    return drafts
  }

  /// Nobody else has the nonce: that a ref is there already cannot be.
  func leave(_ draft: WaitingDraft) throws(LedgerError) -> Bool {
    repository.compareAndSwap(ref: draft.ref, to: draft.tip, from: nil) == .won
  }

  /// What stays is met again by whoever appends next, and known by its nonces.
  func drop(_ draft: WaitingDraft) { _ = repository.deleteReference(draft.ref, expected: draft.tip) }
}
