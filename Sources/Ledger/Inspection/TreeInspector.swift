import CanonicalJSON
import Git
import Migration

/// Looks at the trees of entries: nearly every entry has its parent's tree, so that a walk along the chain
/// reads each of them once.
///
/// The state alone says which files a tree may hold. All of them are plain files, nothing else is there, and
/// between two entries only that may differ which the later one brings: a plan, lists of tests, and the
/// checkpoint and `STATUS.md` of that moment.
struct TreeInspector {
  let reader: ChainReader
  /// The tree of the entry before.
  private var tree: OID?
  /// What every file was at, in the tree before.
  private var files: [String: OID]?
  /// The files of the checkpoint before.
  private var pages = CheckpointPages()

  /// The largest plan file, and the largest expanded plan: as the plan parser has it.
  private static let maximumPlanBytes = 1 << 20

  /// Begins after an entry with this tree, or before the first.
  init(reader: ChainReader, after tree: OID?) {
    self.reader = reader
    self.tree = tree
  }

  private var repository: Repository { reader.repository }

  /// Looks at the tree of an entry; `snapshot` stands after it.
  mutating func inspect(
    _ commit: Commit, _ entry: Entry, _ snapshot: LedgerSnapshot
  ) throws(InspectionFault) -> [Breach] {
    let isDue = Checkpoint.isDue(entry, isFirst: tree == nil)
    let bringsPlan = entry.event.change.plan != nil
    guard commit.tree != tree else {
      if !isDue && !bringsPlan { return [] }
      let what = isDue ? "checkpoint, and one is due" : "plan, and names one"
      return [Breach(rule: "I-6", commit: commit.oid, reason: "it brings no \(what)")]
    }
    defer { tree = commit.tree }
    guard isDue || bringsPlan || !entry.event.runs.isEmpty else {
      throw .breach(
        Breach(
          rule: "I-6", commit: commit.oid,
          reason: "its tree is not its parent's, and it brings neither a plan nor a checkpoint that is due"))
    }
    do throws(TreeFault) {
      let before = try filesBefore()
      let now = try Self.list(commit.tree, in: repository, snapshot.state)
      files = now
      return try inspect(now, before, commit, entry, snapshot, isDue: isDue)
    } catch {
      switch error {
      case .breach(let rule, let reason):
        throw .breach(Breach(rule: rule, commit: commit.oid, reason: reason))
      case .git(let error):
        if error.isNotFound {
          throw .breach(Breach(rule: "I-6", commit: commit.oid, reason: error.description))
        }
        throw .unreadable(.git(error))
      }
    }
  }

  private func filesBefore() throws(TreeFault) -> [String: OID] {
    if let files { return files }
    guard let tree else { return [:] }
    var found: [String: OID] = [:]
    do throws(GitError) {
      for path in try repository.files(inTree: tree) {
        found[path] = try repository.entry(at: path, inTree: tree)?.oid
      }
    } catch {
      throw .git(error)
    }
    return found
  }

  private mutating func inspect(
    _ now: [String: OID], _ before: [String: OID], _ commit: Commit, _ entry: Entry,
    _ snapshot: LedgerSnapshot, isDue: Bool
  ) throws(TreeFault) -> [Breach] {
    let pages = [Checkpoint.path, Checkpoint.statusPath]
    // Older versions wrote a checkpoint beside each plan.
    let mayBring = isDue || entry.event.change.plan != nil
    var brought: Set<String> = mayBring ? Set(pages) : []
    let wanted = Set(snapshot.state.testLists.map(TestLists.path))
    let lists = TestLists.folder + "/"
    for (path, oid) in now where path.hasPrefix(lists) && before[path] == nil {
      let bytes = try blob(oid, limit: TestLists.maximumBytes, "a list of tests")
      if lists + SHA256.hexDigest(of: bytes) != path {
        throw .breach("I-6", "the list of tests '\(path)' is not what it is called")
      }
    }
    for path in before.keys where path.hasPrefix(lists) && !wanted.contains(path) { brought.insert(path) }
    if let plan = entry.event.change.plan, let number = entry.event.change.planNumber {
      let (text, expanded) = Self.planPaths(entry.event.migration, number)
      brought.formUnion([text, expanded])
      try inspectPlan(text: now[text], expanded: now[expanded], plan, snapshot)
    }
    for (path, oid) in before.sorted(by: { $0.key < $1.key }) where !brought.contains(path) {
      if now[path] == oid { continue }
      throw .breach("I-6", "it changes '\(path)', which it does not bring")
    }
    let isBrought = isDue || pages.contains { now[$0] != before[$0] }
    return isBrought ? try inspectCheckpoint(now, commit, entry, snapshot) : []
  }

  /// The plan's text has the digest that the entry names, and the expanded plan is in its canonical form.
  private func inspectPlan(
    text: OID?, expanded: OID?, _ plan: Plan, _ snapshot: LedgerSnapshot
  ) throws(TreeFault) {
    let migration = snapshot.state.migration(named: plan.migration)
    let bytes = try text.map { (oid) throws(TreeFault) in try blob(oid, limit: Self.maximumPlanBytes) } ?? []
    guard SHA256.hexDigest(of: bytes) == migration?.planDigest else {
      throw .breach("I-20", "the plan file of '\(plan.migration)' is not the one that was approved")
    }
    let wanted = plan.json.canonicalBytes
    let found =
      try expanded.map { (oid) throws(TreeFault) in try blob(oid, limit: wanted.count + Self.maximumPlanBytes)
      } ?? []
    guard found == wanted else {
      throw .breach("I-6", "the expanded plan of '\(plan.migration)' is not in canonical form")
    }
  }

  private mutating func inspectCheckpoint(
    _ now: [String: OID], _ commit: Commit, _ entry: Entry, _ snapshot: LedgerSnapshot
  ) throws(TreeFault) -> [Breach] {
    let (checkpoint, status) = pages.write(
      snapshot.state, sequence: snapshot.sequence, at: entry.event.at)
    var breaches: [Breach] = []
    if try !holds(now[Checkpoint.path], checkpoint), !says(now[Checkpoint.path], snapshot, checkpoint, commit)
    {
      breaches.append(
        Breach(
          rule: "I-8", commit: commit.oid,
          reason: "its checkpoint differs from the state that its entries give"))
    }
    if try !holds(now[Checkpoint.statusPath], status) {
      breaches.append(
        Breach(
          rule: "I-8", commit: commit.oid,
          reason: "its \(Checkpoint.statusPath) differs from the state that its entries give"))
    }
    return breaches
  }

  /// Whether a file is there with these bytes. By its name, which is their hash: to read a large file and to
  /// hash it costs more than to hash what it should be.
  private func holds(_ oid: OID?, _ wanted: [UInt8]) throws(TreeFault) -> Bool {
    guard let oid else { return false }
    do throws(GitError) {
      guard try repository.objectSize(oid) == wanted.count else { return false }
      return try Repository.name(of: wanted, as: .blob) == oid
    } catch {
      throw .git(error)
    }
  }

  /// Whether a checkpoint that an older version wrote in other bytes says the same.
  private func says(_ oid: OID?, _ snapshot: LedgerSnapshot, _ wanted: [UInt8], _ commit: Commit) -> Bool {
    guard let oid, let size = try? repository.objectSize(oid), size <= 2 * wanted.count + 4096,
      let bytes = try? repository.blob(oid), let json = try? JSON.parse(bytes), json.canonicalBytes == bytes,
      case .object(let members) = json, members.count == 2,
      let saved = try? reader.savedCheckpoint(of: commit)
    else { return false }
    return saved.sequence == snapshot.sequence && saved.state == snapshot.state
  }

  private func blob(_ oid: OID, limit: Int, _ what: String = "a plan") throws(TreeFault) -> [UInt8] {
    let size: Int
    do throws(GitError) { size = try repository.objectSize(oid) } catch { throw .git(error) }
    if size > limit { throw .breach("I-7", "\(what) in its tree is \(size) bytes long") }
    do throws(GitError) { return try repository.blob(oid) } catch { throw .git(error) }
  }
}
