import CanonicalJSON
import Git
import Migration

/// Reads the chain of commits that is the ledger.
struct Chain {
  let repository: Repository

  /// The entry that a commit holds. Strict: one parent at most, a canonical line, a subject before it.
  func entry(of commit: Commit, plans: PlanStore) throws(LedgerError) -> LedgerEntry {
    guard commit.parents.count <= 1 else {
      throw .damaged(commit: commit.oid, reason: "it has \(commit.parents.count) parents")
    }
    let line: [UInt8]
    do throws(EntryFault) {
      line = try Chain.line(inMessage: commit.textBytes)
    } catch {
      guard case .damaged(let reason) = error else { throw .damaged(commit: commit.oid, reason: "") }
      throw .damaged(commit: commit.oid, reason: reason)
    }
    do throws(EntryFault) {
      let entry = try Entry(line: line) { (migration, number) throws(JSONFault) in
        try plans.plan(migration, number, inTree: commit.tree)
      }
      return LedgerEntry(commit: commit.oid, entry: entry)
    } catch {
      switch error {
      case .newer(let version): throw .newer(commit: commit.oid, version: version)
      case .damaged(let reason): throw .damaged(commit: commit.oid, reason: reason)
      }
    }
  }

  /// The bytes of the entry's line: a commit message is a sentence, an empty line, the line and a line feed.
  static func line(inMessage bytes: [UInt8]) throws(EntryFault) -> [UInt8] {
    guard bytes.count <= Entry.maximumBytes + 1024 else {
      throw .damaged("its message is \(bytes.count) bytes long")
    }
    guard let subjectEnd = bytes.firstIndex(of: 0x0A), subjectEnd > 0, bytes.count > subjectEnd + 2,
      bytes[subjectEnd + 1] == 0x0A, bytes.last == 0x0A
    else { throw .damaged("its message is not a sentence and a line") }
    let body = bytes[(subjectEnd + 2)..<(bytes.count - 1)]
    guard !body.contains(0x0A) else {
      throw .damaged("its message has more than one line below the sentence")
    }
    return Array(body)
  }

  /// The commit message of an entry, with the sentence that is written today unless another is given.
  static func message(_ entry: Entry, line: [UInt8], sentence: String? = nil) -> String {
    (sentence ?? entry.event.sentence) + "\n\n" + String(decoding: line, as: UTF8.self) + "\n"
  }

  func commit(_ oid: OID) throws(LedgerError) -> Commit {
    do throws(GitError) {
      return try repository.commit(oid)
    } catch {
      throw error.isNotFound ? .damaged(commit: oid, reason: "the commit is missing") : .git(error)
    }
  }
}

extension Commit {
  /// The message's bytes as UTF-8. Builds before 0.1.0 wrote a private-use character that stands for a byte
  /// of a file's name as that byte, which damaged the entry: it comes back as the character.
  package var textBytes: [UInt8] {
    String(validating: messageBytes, as: UTF8.self) == nil
      ? Array(PathText.string(messageBytes).utf8) : messageBytes
  }
}

/// Reads the plans that lie in the ledger's tree, each blob once.
final class PlanStore {
  private let repository: Repository
  private var cache: [OID: Plan] = [:]

  init(repository: Repository) { self.repository = repository }

  /// The largest expanded plan: what `for:` may write, and as much again for what every step has.
  static let maximumExpandedBytes = 128 << 20
  /// The most values in it: eighty for each of as many steps as there may be.
  static let maximumValues = 80 * Plan.stepLimit

  static func textPath(_ migration: String, _ number: Int) -> String { "plans/\(migration)/\(number).md" }
  static func expandedPath(_ migration: String, _ number: Int) -> String {
    "plans/\(migration)/\(number).json"
  }

  func plan(_ migration: String, _ number: Int, inTree tree: OID) throws(JSONFault) -> Plan {
    if let fault = Identifier.migrationFault(migration) { throw JSONFault("the migration's name \(fault)") }
    let path = PlanStore.expandedPath(migration, number)
    do throws(GitError) {
      guard let found = try repository.entry(at: path, inTree: tree) else {
        throw GitError(message: "it is not there", operation: "read", subject: path)
      }
      if let known = cache[found.oid] { return known }
      let size = try repository.objectSize(found.oid)
      guard size <= PlanStore.maximumExpandedBytes else {
        throw GitError(message: "it is \(size) bytes long", operation: "read", subject: path)
      }
      let bytes = try repository.blob(found.oid)
      let plan = try decode(bytes, path)
      cache[found.oid] = plan
      return plan
    } catch {
      throw JSONFault("the plan '\(path)' of the entry cannot be read: \(error.message)")
    }
  }

  private func decode(_ bytes: [UInt8], _ path: String) throws(GitError) -> Plan {
    do throws(JSONFault) {
      return try Plan(json: try JSON.parse(bytes, maximumValues: PlanStore.maximumValues))
    } catch {
      throw GitError(message: error.description, operation: "read", subject: path)
    }
  }
}
