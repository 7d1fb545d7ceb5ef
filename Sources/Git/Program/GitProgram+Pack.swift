import System

extension GitProgram {
  /// Puts loose objects into a pack: those that `tips` lead to and `others` do not, when there are at least
  /// so many. Their loose copies go, and nothing else: no object, loose or packed, that is not in the new
  /// pack is touched. Gives how many were packed.
  ///
  /// Readers and writers beside it lose nothing, nor does `git gc`: whoever misses a loose object looks for
  /// it in the packs again. Throws with git's own words when it could not be done.
  @discardableResult
  public func packLooseObjects(
    reachedBy tips: [OID], butNotBy others: [OID], atLeast minimum: Int = 1
  ) throws(GitError) -> Int {
    let loose = looseObjects()
    guard loose.count >= minimum else { return 0 }
    let revisions = tips.map { "\($0.hex)\n" }.joined() + others.map { "^\($0.hex)\n" }.joined()
    let listed = try require(
      run(
        [
          "rev-list", "--objects", "--no-object-names", "--unpacked", "--exclude-promisor-objects", "--stdin",
        ], input: Array(revisions.utf8)), "list new objects of", commonDirectory)
    // What lies in a pack is listed too, below a commit that does not.
    let names = listed.text.split(separator: "\n").filter { loose.contains($0) }
    guard names.count >= minimum else { return 0 }
    let objects = commonDirectory + "/objects"
    let packed = try require(
      run(
        [
          "pack-objects", "--quiet", "--incremental", "--local", "--non-empty", "--delta-base-offset",
          objects + "/pack/pack",
        ], input: Array(names.map { $0 + "\n" }.joined().utf8)), "pack objects of", commonDirectory)
    var count = 0
    for name in packed.text.split(whereSeparator: \.isNewline) {
      let pack = "\(objects)/pack/pack-\(name)"
      do throws(FileError) {
        guard Files.exists(pack + ".pack"), let index = try Files.readFile(pack + ".idx") else { continue }
        for oid in GitProgram.names(inIndex: index) {
          try Files.removeFile("\(objects)/\(oid.hex.prefix(2))/\(oid.hex.dropFirst(2))")
          count += 1
        }
      } catch {
        throw GitError(message: error.description, operation: "pack objects of", subject: commonDirectory)
      }
    }
    return count
  }

  /// The names of all loose objects.
  func looseObjects() -> Set<Substring> {
    var names: Set<Substring> = []
    for byte in 0..<256 {
      let folder = (byte < 16 ? "0" : "") + String(byte, radix: 16)
      for file in (try? Files.listDirectory("\(commonDirectory)/objects/\(folder)")) ?? []
      where file.utf8.count == 38 {
        names.insert(Substring(folder + file))
      }
    }
    return names
  }

  /// The objects of a pack, by its index of version 2 (gitformat-pack(5)).
  private static func names(inIndex bytes: [UInt8]) -> [OID] {
    let (start, size) = (8 + 256 * 4, 20)
    guard bytes.starts(with: [0xFF, 0x74, 0x4F, 0x63, 0, 0, 0, 2]), bytes.count > start else { return [] }
    let count = bytes[(start - 4)..<start].reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count >= start + count * size else { return [] }
    return (0..<count).compactMap { number in
      let name = bytes[(start + number * size)..<(start + (number + 1) * size)]
      return OID(name.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
  }
}
