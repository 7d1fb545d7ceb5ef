import CanonicalJSON
import Git
import Migration

/// Looks at entries as they stand in the repository, in the order of the chain, trusting nothing: what the
/// server's hook asks of a push, and `git migrate fsck` of the whole ledger.
///
/// An entry is what git-migrate itself would have written, byte for byte. The wording of the sentence and of
/// `STATUS.md` belongs to the version of the format, so that neither can say what did not happen.
struct Inspector {
  let reader: ChainReader
  /// The ledger up to the last entry that was looked at.
  private(set) var snapshot: LedgerSnapshot
  private var trees: TreeInspector
  private var nonces: [[UInt8]: OID]

  /// How many entries before a push the nonces are compared with: looking at all would make a push slower
  /// with each entry. `fsck` looks at all.
  static let nonceWindow = 512
  /// The largest commit that can be an entry: its line, the sentence, and the lines above.
  static let maximumCommitBytes = Entry.maximumBytes + 2048

  /// Begins after the entry that `snapshot` stands at, or before the first.
  init(reader: ChainReader, after snapshot: LedgerSnapshot) throws(LedgerError) {
    self.reader = reader
    self.snapshot = snapshot
    trees = TreeInspector(reader: reader, after: snapshot.tree)
    nonces = [:]
    var next = snapshot.tip
    while let oid = next, nonces.count < Self.nonceWindow {
      let commit = try reader.chain.commit(oid)
      if let nonce = Self.nonce(in: commit.messageBytes) { nonces[nonce] = oid }
      next = commit.parents.first
    }
  }

  /// The commits after `old` up to `tip`, oldest first, provided that each can be an entry at all. Walks with
  /// an eye on their size: who pushes chooses it.
  static func commits(in reader: ChainReader, to tip: OID, from old: OID?) throws(InspectionFault) -> [OID] {
    var list: [OID] = []
    var next: OID? = tip
    while let oid = next, oid != old {
      let header = try unreadable { () throws(GitError) in try reader.repository.objectHeader(oid) }
      guard header.kind == .commit else {
        throw .breach(Breach(rule: "I-1", commit: oid, reason: "it is a \(header.kind.rawValue), no commit"))
      }
      guard header.size <= maximumCommitBytes else {
        throw .breach(
          Breach(
            rule: "I-7", commit: oid,
            reason: "it is \(header.size) bytes long, more than the \(Entry.maximumBytes) of an entry"))
      }
      let commit = try unreadable { () throws(GitError) in try reader.repository.commit(oid) }
      guard commit.parents.count <= 1 else {
        throw .breach(Breach(rule: "I-1", commit: oid, reason: "it has \(commit.parents.count) parents"))
      }
      list.append(oid)
      next = commit.parents.first
    }
    guard next == old else {
      let old = old?.hex.prefix(10) ?? ""
      throw .breach(Breach(rule: "I-2", commit: tip, reason: "it does not follow '\(old)'"))
    }
    return list.reversed()
  }

  /// Looks at the next entry and folds it. Gives what is wrong with it and yet does not keep the state from
  /// being known; throws what does.
  ///
  /// `visit` sees the entry and the state before it.
  mutating func inspect(
    _ oid: OID, _ visit: (LedgerEntry, State) throws(InspectionFault) -> Void = { (_, _) in }
  ) throws(InspectionFault) -> [Breach] {
    let commit = try damage("I-6") { () throws(LedgerError) in try reader.chain.commit(oid) }
    let found = try entry(of: commit)
    var breaches: [Breach] = []
    if let reason = try formFault(commit, found.entry) {
      breaches.append(Breach(rule: "I-6", commit: oid, reason: reason))
    }
    if let other = nonces.updateValue(oid, forKey: Array(found.entry.nonce.utf8)) {
      breaches.append(
        Breach(rule: "I-3", commit: oid, reason: "it has the nonce of entry '\(other.short)'"))
    }
    guard found.entry.sequence == snapshot.sequence + 1 else {
      throw .breach(
        Breach(
          rule: "I-1", commit: oid,
          reason: "it has number \(found.entry.sequence) where \(snapshot.sequence + 1) should be"))
    }
    try visit(found, snapshot.state)
    do throws(Refusal) {
      _ = try snapshot.state.apply(found.entry.event)
    } catch {
      throw .breach(
        Breach(
          rule: error.rule(of: found.entry.event), commit: oid,
          reason: "its event was not allowed: \(error.message)"))
    }
    snapshot.sequence += 1
    snapshot.tip = oid
    snapshot.tree = commit.tree
    return breaches + (try trees.inspect(commit, found.entry, snapshot))
  }

  private func entry(of commit: Commit) throws(InspectionFault) -> LedgerEntry {
    do throws(LedgerError) {
      return try reader.chain.entry(of: commit, plans: reader.plans)
    } catch {
      guard case .damaged(_, let reason) = error else { throw .unreadable(error) }
      let rule = commit.parents.count > 1 ? "I-1" : Self.ruleOfDamage(commit.messageBytes)
      throw .breach(Breach(rule: rule, commit: commit.oid, reason: reason))
    }
  }

  /// A kind nobody knows and an entry that is too long are another fault than a line in another form.
  private static func ruleOfDamage(_ message: [UInt8]) -> String {
    guard message.count <= Entry.maximumBytes else { return "I-7" }
    guard let start = message.firstIndex(of: UInt8(ascii: "{")),
      let json = try? JSON.parse(Array(message[start...])), case .string(let word)? = json["kind"]
    else { return "I-6" }
    return Change.Kind(rawValue: word) == nil ? "I-7" : "I-6"
  }

  /// What in the commit is not as git-migrate writes it: the sentence, who made it and when, other headers.
  private func formFault(_ commit: Commit, _ entry: Entry) throws(InspectionFault) -> String? {
    let line = entry.json.canonicalBytes
    // Of a message that is no UTF-8 the sentence was written before bytes were spelled.
    let isOlder = String(validating: commit.messageBytes, as: UTF8.self) == nil
    let sentences = [entry.event.sentence] + (isOlder ? [entry.event.olderSentence] : [])
    let isKnown = sentences.contains {
      commit.textBytes.elementsEqual(Chain.message(entry, line: line, sentence: $0).utf8)
    }
    if !isKnown {
      return "its sentence is '\(PlainLine.of(commit.subject))' where its event says "
        + "'\(entry.event.sentence)'"
    }
    var text = "tree \(commit.tree.hex)\n"
    for parent in commit.parents { text += "parent \(parent.hex)\n" }
    for word in ["author", "committer"] {
      text += "\(word) git-migrate <git-migrate@localhost> \(entry.event.at.seconds) +0000\n"
    }
    text += "\n"
    let name = try Self.unreadable { () throws(GitError) in
      try Repository.name(of: Array(text.utf8) + commit.messageBytes, as: .commit)
    }
    if name == commit.oid { return nil }
    return "its author, its time or another header is not what git-migrate writes"
  }

  /// The nonce in a message; found by its bytes, since a quote in a text is always escaped.
  private static func nonce(in message: [UInt8]) -> [UInt8]? {
    let key = Array("\"nonce\":\"".utf8)
    guard let range = message.firstRange(of: key), message.count >= range.upperBound + 32 else { return nil }
    return Array(message[range.upperBound..<(range.upperBound + 32)])
  }

  private func damage<Value>(
    _ rule: String, _ body: () throws(LedgerError) -> Value
  ) throws(InspectionFault) -> Value {
    do throws(LedgerError) {
      return try body()
    } catch {
      guard case .damaged(let commit, let reason) = error else { throw .unreadable(error) }
      throw .breach(Breach(rule: rule, commit: commit, reason: reason))
    }
  }

  private static func unreadable<Value>(
    _ body: () throws(GitError) -> Value
  ) throws(InspectionFault) -> Value {
    do throws(GitError) { return try body() } catch { throw .unreadable(.git(error)) }
  }
}
