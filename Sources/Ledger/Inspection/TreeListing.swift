import Git
import Migration

/// Why a tree is not that of an entry.
enum TreeFault: Error {
  /// It breaks an invariant; the reason is in git's grammar.
  case breach(_ rule: String, _ reason: String)
  case git(GitError)
}

extension TreeInspector {
  /// The paths of a plan's text and of its expanded form.
  static func planPaths(_ migration: String, _ number: Int) -> (text: String, expanded: String) {
    (PlanStore.textPath(migration, number), PlanStore.expandedPath(migration, number))
  }

  /// The files of an entry's tree, provided that they are the ones that the state asks for, and in git's own
  /// form: a tree written by hand could show one reader other files than the next.
  static func list(
    _ tree: OID, in repository: Repository, _ state: State
  ) throws(TreeFault) -> [String: OID] {
    var files: [String: OID] = [:]
    let lists = try testLists(tree, in: repository, state)
    let top = try read(
      tree, in: repository, "",
      [(Checkpoint.path, false), (Checkpoint.statusPath, false), ("plans", true)]
        + (lists == nil ? [] : [(TestLists.folder, true)]))
    if let lists, let folder = top[TestLists.folder] {
      let prefix = TestLists.folder + "/"
      for (name, oid) in try read(folder, in: repository, prefix, lists.map { ($0, false) }) {
        files[prefix + name] = oid
      }
    }
    for path in [Checkpoint.path, Checkpoint.statusPath] { files[path] = top[path] }
    guard let plans = top["plans"] else { return files }
    let names = state.migrations.map { (name: $0.name, isTree: true) }
    let folders = try read(plans, in: repository, "plans/", names)
    for migration in state.migrations {
      guard let folder = folders[migration.name] else { continue }
      var wanted: [(name: String, isTree: Bool)] = []
      for number in 1...max(1, migration.planNumber) {
        wanted += [("\(number).md", false), ("\(number).json", false)]
      }
      let prefix = "plans/\(migration.name)/"
      for (name, oid) in try read(folder, in: repository, prefix, wanted) { files[prefix + name] = oid }
    }
    return files
  }

  /// The lists of tests that lie in a tree, which must be ones that verdicts rest on; `nil` without a folder
  /// for them. One that is wanted may be missing: a clone that was not told it cannot bring it.
  private static func testLists(
    _ tree: OID, in repository: Repository, _ state: State
  ) throws(TreeFault) -> [String]? {
    do throws(GitError) {
      guard let folder = try repository.entry(at: TestLists.folder, inTree: tree), folder.kind == .tree else {
        return nil
      }
      let names = try repository.entries(ofTree: folder.oid).map(\.name)
      let wanted = state.testLists
      // Said by whoever reads the folder, which has a stranger in it then.
      return names.filter(wanted.contains)
    } catch {
      throw .git(error)
    }
  }

  /// The entries of one tree, which must be exactly those that are wanted.
  private static func read(
    _ oid: OID, in repository: Repository, _ prefix: String, _ wanted: [(name: String, isTree: Bool)]
  ) throws(TreeFault) -> [String: OID] {
    // git orders a folder as if its name ended in a slash.
    let sorted = wanted.map { (entry: $0, key: Array(($0.name + ($0.isTree ? "/" : "")).utf8)) }
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.entry)
    let heads = sorted.map { Array("\($0.isTree ? "40000" : "100644") \($0.name)\0".utf8) }
    let size = heads.reduce(0) { $0 + $1.count + 20 }
    let bytes = try content(oid, in: repository, size: size, prefix, sorted)
    var found: [String: OID] = [:]
    var place = 0
    for (entry, head) in zip(sorted, heads) {
      guard bytes[place...].starts(with: head), bytes.count >= place + head.count + 20 else {
        throw try stranger(oid, in: repository, prefix, wanted)
      }
      let raw = bytes[(place + head.count)..<(place + head.count + 20)]
      found[entry.name] = OID(raw.map { hexDigits($0) }.joined())
      place += head.count + 20
    }
    return found
  }

  private static func hexDigits(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// The bytes of a tree that has the size it must have.
  private static func content(
    _ oid: OID, in repository: Repository, size: Int, _ prefix: String,
    _ wanted: [(name: String, isTree: Bool)]
  ) throws(TreeFault) -> [UInt8] {
    do {
      let header = try repository.objectHeader(oid)
      guard header.kind == .tree else {
        throw TreeFault.breach("I-6", "'\(prefix)' in its tree is a \(header.kind.rawValue)")
      }
      if header.size > size + (1 << 20) {
        throw TreeFault.breach(
          "I-7", "its tree '\(prefix)' is \(header.size) bytes where \(size) are enough for its plans")
      }
      if header.size != size { throw try stranger(oid, in: repository, prefix, wanted) }
      return try repository.content(of: oid)
    } catch let fault as TreeFault {
      throw fault
    } catch let error as GitError {
      throw .git(error)
    } catch {
      throw .breach("I-6", "\(error)")
    }
  }

  /// Says what is in a tree that should not be, or is not in it that should.
  private static func stranger(
    _ oid: OID, in repository: Repository, _ prefix: String, _ wanted: [(name: String, isTree: Bool)]
  ) throws(TreeFault) -> TreeFault {
    let entries: [TreeEntry]
    do throws(GitError) { entries = try repository.entries(ofTree: oid) } catch { throw .git(error) }
    for entry in entries {
      guard let known = wanted.first(where: { $0.name == entry.name }) else {
        return .breach(
          "I-6", "its tree has '\(PlainLine.of(prefix + entry.name))', which no plan and no checkpoint is")
      }
      guard entry.mode == (known.isTree ? .tree : .blob) else {
        return .breach("I-6", "'\(prefix)\(entry.name)' in its tree is no plain file (\(entry.mode.octal))")
      }
    }
    for entry in wanted where !entries.contains(where: { $0.name == entry.name }) {
      return .breach("I-6", "its tree has no '\(prefix)\(entry.name)'")
    }
    return .breach("I-6", "its tree '\(prefix)' is not in git's form")
  }
}
