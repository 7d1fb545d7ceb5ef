import Git
import Migration
import System

extension Ledger {
  /// I-26: under `refs/migrate/` lie the ledger and the results of claims, nothing else; and what a ref names
  /// is there.
  func refFindings(_ state: State) throws(GitError) -> [Finding] {
    var findings: [Finding] = []
    for (ref, oid) in try repository.references(matching: "refs/migrate/*") where ref != LedgerRefs.ledger {
      if ref.hasPrefix(LedgerRefs.probeFolder)
        || (LedgerRefs.own + [LedgerRefs.inboxFolder]).contains(where: ref.hasPrefix)
      {
        continue
      }
      let reason: String
      if try !repository.objectExists(oid) {
        reason = "the commit that it keeps, '\(oid.short)', is missing"
      } else if let fault = try keptFault(ref, oid, state) {
        reason = fault
      } else {
        continue
      }
      findings.append(
        Finding(
          rule: "I-26", subject: ref, message: reason,
          remedy: "when it is of no use to you, remove it with 'git update-ref -d \(ref)'"))
    }
    return findings
  }

  private func keptFault(_ ref: String, _ oid: OID, _ state: State) throws(GitError) -> String? {
    guard ref.hasPrefix(LedgerRefs.archiveFolder) else { return LedgerRefs.fault(ref, state) }
    return try reader.archiveFault(ref, from: nil, to: oid, state)
  }

  /// I-27: locks and half-written objects that killed programs left.
  func leftOverFindings(_ state: State) -> [Finding] {
    let common = repository.commonDirectory
    var findings: [Finding] = []
    let refs = [LedgerRefs.ledger, "packed-refs"] + state.migrations.map(\.intoRef)
    for name in refs {
      let path = "\(common)/\(name).lock"
      guard let age = age(of: path), age > StaleLock.ageSeconds else { continue }
      findings.append(
        Finding(
          rule: "I-27", subject: path, message: "a lock of \(age) seconds: nobody can move what it locks",
          remedy: "when no git program is running there, remove it"))
    }
    var count = 0
    var first: String?
    for folder in (try? Files.listDirectory(common + "/objects"))?.sorted() ?? [] where folder.count == 2 {
      for file in (try? Files.listDirectory("\(common)/objects/\(folder)"))?.sorted() ?? [] {
        let path = "\(common)/objects/\(folder)/\(file)"
        guard file.hasPrefix("tmp_obj"), let age = age(of: path), age > 3600 else { continue }
        count += 1
        first = first ?? path
      }
    }
    if let first {
      findings.append(
        Finding(
          rule: "I-27", subject: first, message: "\(count) objects that were never written to their end",
          remedy: "run 'git prune --expire=1.hour.ago'"))
    }
    return findings
  }

  /// How many seconds ago a file was changed last, `nil` when there is none.
  private func age(of path: String) -> Int64? {
    FileStatus(of: path).map { clock.now().seconds - $0.modified.seconds }
  }
}
