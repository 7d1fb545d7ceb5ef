import Git
import Glibc
import Migration
import System

extension Ledger {
  /// I-26: under `refs/migrate/` lie the ledger and the results of claims, nothing else; and what a ref names
  /// is there.
  func refFindings(_ state: State) throws(GitError) -> [Finding] {
    var findings: [Finding] = []
    for (ref, oid) in try repository.references(matching: "refs/migrate/*") where ref != Ledger.ref {
      if ref.hasPrefix(Ledger.probes) || Ledger.ownFolders.contains(where: ref.hasPrefix) { continue }
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
    guard ref.hasPrefix(Ledger.archiveFolder) else { return Ledger.attemptFault(ref, state) }
    return try archiveFault(ref, from: nil, to: oid, state)
  }

  /// Why a ref below `refs/migrate/` keeps the result of no claim, or `nil`.
  package static func attemptFault(_ ref: String, _ state: State) -> String? {
    let parts = ref.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, ["attempt", "words"].contains(parts[2]), let epoch = Int(parts[5]),
      String(epoch) == parts[5]
    else {
      return "only '\(Ledger.ref)', 'refs/migrate/attempt/<migration>/<step>/<epoch>', "
        + "'\(Ledger.wordsFolder)<migration>/<step>/<epoch>' and "
        + "'\(Ledger.archiveFolder)<migration>' lie there"
    }
    let step = state.migration(named: parts[3])?.step(parts[4])
    if let step, epoch >= 1, epoch <= step.epoch { return nil }
    return "the ledger has no claim \(epoch) of the step '\(parts[4])' of '\(parts[3])'"
  }

  /// Why the result of a claim that is in force may not be pushed, or `nil`: who holds the claim pushes it
  /// together with the entry that hands it in. In any other way a stranger could take the ref away.
  package static func strangerFault(_ ref: String, _ new: OID, _ state: State) -> String? {
    let parts = ref.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, let step = state.migration(named: parts[3])?.step(parts[4]),
      String(step.epoch) == parts[5]
    else { return nil }
    if parts[2] == "words" {
      guard case .leased = step.phase else { return nil }
      return "the attempt has not ended yet"
    }
    if let submission = step.phase.submission {
      return submission.result.commit.oid == new ? nil : "the ledger has another result of this claim"
    }
    guard case .leased = step.phase else { return nil }
    return "nothing was handed in for this claim yet"
  }

  /// I-27: locks and half-written objects that killed programs left.
  func leftOverFindings(_ state: State) -> [Finding] {
    let common = repository.commonDirectory
    var findings: [Finding] = []
    let refs = [Ledger.ref, "packed-refs"] + state.migrations.map(\.intoRef)
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
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return clock.now().seconds - Int64(status.st_mtim.tv_sec)
  }
}
