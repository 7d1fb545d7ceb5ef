import Git
import Migration

/// The commits and trees of a simulated repository. A tree is a list of files, each with a version; a version
/// below zero does not pass its tests.
struct Objects {
  struct Commit {
    var tree: OID
    var parents: [OID]
  }

  private static let commitKind: UInt32 = 2
  private static let treeKind: UInt32 = 3

  private(set) var commits: [Commit] = []
  private var trees: [[Int32]] = []
  private var known: [[Int32]: Int] = [:]

  mutating func tree(_ files: [Int32]) -> OID {
    if let number = known[files] { return OID(kind: Objects.treeKind, number: number) }
    trees.append(files)
    known[files] = trees.count - 1
    return OID(kind: Objects.treeKind, number: trees.count - 1)
  }

  mutating func commit(_ tree: OID, parents: [OID]) -> OID {
    commits.append(Commit(tree: tree, parents: parents))
    return OID(kind: Objects.commitKind, number: commits.count - 1)
  }

  func files(_ tree: OID) -> [Int32] { trees[tree.number] }

  func commit(_ oid: OID) -> Commit { commits[oid.number] }

  func tree(of commit: OID) -> OID { commits[commit.number].tree }

  /// Whether the tree passes its tests.
  func isGood(_ tree: OID) -> Bool { Objects.isGood(trees[tree.number]) }

  /// Whether files of these versions pass their tests.
  static func isGood(_ files: [Int32]) -> Bool { files.allSatisfy { $0 >= 0 } }

  /// The tests that run on a tree: each file has one, but for some versions that have lost it.
  func tests(_ tree: OID) -> [String] {
    files(tree).enumerated().filter { abs($0.element) % 37 != 36 }.map { "test-\($0.offset)" }
  }

  func isAncestor(_ commit: OID, of tip: OID) -> Bool {
    // A commit has a higher number than its parents.
    var open = [tip]
    while let next = open.popLast() {
      if next == commit { return true }
      if next.number > commit.number { open += commits[next.number].parents }
    }
    return false
  }

  /// The newest commit that lies behind both; a commit has a higher number than its parents.
  func mergeBase(_ one: OID, _ other: OID) -> OID? {
    commits.indices.reversed().lazy.map { OID(kind: Objects.commitKind, number: $0) }
      .first { isAncestor($0, of: one) && isAncestor($0, of: other) }
  }

  /// The files of a merge of two commits, ours where they conflict.
  func put(_ theirs: OID, into ours: OID, since before: OID) -> [Int32] {
    let (old, left, right) = (files(tree(of: before)), files(tree(of: ours)), files(tree(of: theirs)))
    return left.indices.map { left[$0] == old[$0] ? right[$0] : left[$0] }
  }

  /// A merge of three trees; the numbers of the files in conflict when it cannot be made.
  mutating func merge(base: OID, ours: OID, theirs: OID) -> (tree: OID?, conflicts: [Int]) {
    if ours == theirs || base == theirs { return (ours, []) }
    let (before, left, right) = (files(base), files(ours), files(theirs))
    var result = left
    var conflicts: [Int] = []
    for file in result.indices where left[file] != right[file] {
      if left[file] == before[file] {
        result[file] = right[file]
      } else if right[file] != before[file] {
        conflicts.append(file)
      }
    }
    return conflicts.isEmpty ? (tree(result), []) : (nil, conflicts)
  }
}

extension OID {
  var id: ObjectID { ObjectID(hex) ?? .zero }
}

extension ObjectID {
  var oid: OID { OID(hex) ?? .zero }
}
