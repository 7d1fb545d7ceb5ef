import Clibgit2
import Glibc
import System

/// Looks at the packs of a folder before libgit2 reads an object in one.
///
/// An object may be kept as the difference to another, by that one's name, and libgit2 follows such a chain
/// without end when it comes back to itself. git never writes that, and makes no index of it; a pack whose
/// index was made by something else can have it. Only the chains of the objects that are asked for are
/// followed, which libgit2 reads next anyway: to look through all packs costs a process more than what it
/// does with them. Of small packs the names are kept, so that those that have nothing to do with an object
/// cost nothing. Of a pack that was cut off it only says that nothing is there.
final class PackGuard {
  private let folder: String
  private var listed: FileStamp?
  /// Those that are asked about each object: large ones, and small ones that had one.
  private var asked: [String: PackIndex] = [:]
  /// What the others have.
  private var small: [String: PackNames] = [:]

  init(objects: String) { folder = objects + "/pack" }

  /// What is wrong with the pack that an object is in, which begins with its place; `nil` when nothing is.
  func fault(_ oid: OID) -> String? {
    refresh()
    open(oid)
    var (cut, isElsewhere): (String?, Bool) = (nil, false)
    for pack in asked.values {
      guard let offset = pack.offset(of: oid) else { continue }
      if !pack.isWhole {
        cut = pack.path
      } else if pack.isEndless(offset) {
        return "'\(pack.path)' has differences that lead back to themselves"
      } else {
        isElsewhere = true
      }
    }
    guard let cut, !isElsewhere else { return nil }
    return "'\(cut)' is cut off or not as git wrote it"
  }

  /// Opens the small packs that have an object.
  private func open(_ oid: OID) {
    let bytes = PackIndex.bytes(of: oid)
    for (name, names) in small where names.has(bytes) {
      small[name] = nil
      let pack = PackIndex(index: folder + "/" + name, path: pack(of: name), stamp: names.stamp)
      if let pack { asked[name] = pack }
    }
  }

  private func pack(of name: String) -> String { folder + "/" + name.dropLast(".idx".count) + ".pack" }

  private func refresh() {
    let look = FileStamp.Look()
    guard let now = FileStamp(of: folder) else {
      (listed, asked, small) = (nil, [:], [:])
      return
    }
    if now == listed { return }
    let names = ((try? Files.listDirectory(folder)) ?? []).filter { $0.hasSuffix(".idx") }
    var (large, little): ([String: PackIndex], [String: PackNames]) = ([:], [:])
    for name in names {
      let path = pack(of: name)
      guard let stamp = FileStamp(of: path) else { continue }
      if let known = asked[name], known.stamp == stamp {
        large[name] = known
      } else if let known = small[name], known.stamp == stamp {
        little[name] = known
      } else if let found = PackNames(index: folder + "/" + name, stamp: stamp) {
        little[name] = found
      } else if let pack = PackIndex(index: folder + "/" + name, path: path, stamp: stamp) {
        large[name] = pack
      }
    }
    (asked, small) = (large, little)
    listed = now.isSettled(at: look) ? now : nil
  }
}

/// The names of the objects of a small pack, read at once.
struct PackNames {
  let stamp: FileStamp
  /// How many names begin with a byte, or a smaller one.
  private let firsts: [Int]
  private let names: [UInt8]

  /// How many objects such a pack has at most: 80 KiB of names.
  private static let most = 4096
  private static let (start, size) = (8 + 1024, 20)

  /// Reads an index of version 2 (gitformat-pack(5)); `nil` for another one, and for a large one.
  init?(index place: String, stamp: FileStamp) {
    self.stamp = stamp
    guard let file = PackIndex.open(place) else { return nil }
    defer { _ = close(file) }
    let bytes = PackIndex.read(file, at: 0, PackNames.start + PackNames.most * PackNames.size)
    guard bytes.count >= PackNames.start, bytes.prefix(8) == [0xFF, 0x74, 0x4F, 0x63, 0, 0, 0, 2] else {
      return nil
    }
    let firsts = stride(from: 8, to: PackNames.start, by: 4).map {
      Int(PackIndex.number(bytes[$0..<$0 + 4]))
    }
    let count = firsts.last ?? 0
    guard count <= PackNames.most, bytes.count >= PackNames.start + count * PackNames.size,
      zip(firsts, firsts.dropFirst()).allSatisfy({ $0 <= $1 })
    else { return nil }
    self.firsts = firsts
    names = Array(bytes[PackNames.start..<PackNames.start + count * PackNames.size])
  }

  /// Whether the pack has an object of this name.
  func has(_ name: [UInt8]) -> Bool {
    guard let first = name.first else { return false }
    var low = first == 0 ? 0 : firsts[Int(first) - 1]
    var high = firsts[Int(first)]
    while low < high {
      let middle = low + (high - low) / 2
      let found = names[middle * PackNames.size..<(middle + 1) * PackNames.size]
      if found.elementsEqual(name) { return true }
      if found.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
    }
    return false
  }
}

/// Finds the objects of one pack, and to which others they are differences (gitformat-pack(5)). It reads
/// piece by piece and maps nothing, so that a file that is cut off meanwhile cannot end the process.
final class PackIndex {
  let path: String
  let stamp: FileStamp
  let count: UInt32
  /// Whether the pack ends with the checksum that its index has of it.
  let isWhole: Bool
  private let index: Int32
  private let pack: Int32
  private let firsts: [UInt32]
  private let isFirstVersion: Bool

  private static let nameSize = 20
  /// So many names are read at once rather than one after another.
  private static let span: UInt32 = 128

  /// Opens both files; `nil` when one of them is not what git writes, which libgit2 says itself.
  init?(index place: String, path: String, stamp: FileStamp) {
    (self.path, self.stamp) = (path, stamp)
    guard let index = PackIndex.open(place) else { return nil }
    guard let pack = PackIndex.open(path) else {
      _ = close(index)
      return nil
    }
    (self.index, self.pack) = (index, pack)
    let sums = (
      PackIndex.end(of: index, 2 * PackIndex.nameSize), PackIndex.end(of: pack, PackIndex.nameSize)
    )
    isWhole =
      sums.0.count == 2 * PackIndex.nameSize && sums.1.count == PackIndex.nameSize
      && sums.0.starts(with: sums.1)
    let start = PackIndex.read(index, at: 0, 8)
    isFirstVersion = start.prefix(4) != [0xFF, 0x74, 0x4F, 0x63]
    let table = PackIndex.read(index, at: isFirstVersion ? 0 : 8, 1024)
    firsts = stride(from: 0, to: table.count - table.count % 4, by: 4).map {
      UInt32(truncatingIfNeeded: PackIndex.number(table[$0..<$0 + 4]))
    }
    count = firsts.last ?? 0
  }

  deinit {
    _ = close(index)
    _ = close(pack)
  }

  /// Where an object begins in the pack; `nil` when it is not in it.
  func offset(of oid: OID) -> UInt64? {
    let name = PackIndex.bytes(of: oid)
    guard firsts.count == 256, let first = name.first else { return nil }
    var low = first == 0 ? 0 : firsts[Int(first) - 1]
    var high = firsts[Int(first)]
    while low < high, high - low > PackIndex.span {
      let middle = low + (high - low) / 2
      let found = PackIndex.read(index, at: place(ofName: middle), PackIndex.nameSize)
      if found == name { return offset(at: middle) }
      if found.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
    }
    guard low < high else { return nil }
    // The names of the first version lie apart.
    let width = Int(place(ofName: 1) - place(ofName: 0))
    let names = PackIndex.read(index, at: place(ofName: low), Int(high - low) * width)
    for number in low..<high {
      let start = Int(number - low) * width
      guard start + PackIndex.nameSize <= names.count else { return nil }
      if names[start..<start + PackIndex.nameSize].elementsEqual(name) { return offset(at: number) }
    }
    return nil
  }

  /// Whether the chain of differences that begins there comes back to itself.
  func isEndless(_ start: UInt64) -> Bool {
    // Brent's way to find a circle: it keeps one place, not all that it has seen.
    var (kept, at, steps, limit) = (start, start, 0, 1)
    while true {
      switch base(at: at) {
      case nil: return false
      case .distance(let back):
        guard back > 0, back <= at else { return false }
        at -= back
      case .named(let name):
        guard let next = offset(of: name) else { return false }
        at = next
      }
      if at == kept { return true }
      steps += 1
      if steps == limit { (kept, steps, limit) = (at, 0, limit * 2) }
    }
  }

  private enum Base {
    case distance(UInt64)
    case named(OID)
  }

  /// To which object this one is the difference; `nil` when it is whole, or damaged.
  private func base(at offset: UInt64) -> Base? {
    var bytes = PackIndex.read(pack, at: offset, 48)[...]
    guard let first = bytes.popFirst() else { return nil }
    var next = first
    // The size of the content, of no use here.
    while next & 0x80 != 0 {
      guard let byte = bytes.popFirst() else { return nil }
      next = byte
    }
    switch first >> 4 & 7 {
    case 6:
      guard var byte = bytes.popFirst() else { return nil }
      var back = UInt64(byte & 0x7F)
      while byte & 0x80 != 0 {
        guard let more = bytes.popFirst(), back < 1 << 56 else { return nil }
        byte = more
        back = (back + 1) << 7 | UInt64(byte & 0x7F)
      }
      return .distance(back)
    case 7: return PackIndex.name(bytes.prefix(PackIndex.nameSize)).map(Base.named)
    default: return nil
    }
  }

  private func place(ofName position: UInt32) -> UInt64 {
    isFirstVersion ? 1024 + 24 * UInt64(position) + 4 : 1032 + 20 * UInt64(position)
  }

  private func offset(at position: UInt32) -> UInt64? {
    if isFirstVersion {
      let bytes = PackIndex.read(index, at: 1024 + 24 * UInt64(position), 4)
      return bytes.count == 4 ? PackIndex.number(bytes[...]) : nil
    }
    let total = UInt64(count)
    let bytes = PackIndex.read(index, at: 1032 + 24 * total + 4 * UInt64(position), 4)
    guard bytes.count == 4 else { return nil }
    let short = PackIndex.number(bytes[...])
    guard short & 0x8000_0000 != 0 else { return short }
    let long = PackIndex.read(index, at: 1032 + 28 * total + 8 * (short & 0x7FFF_FFFF), 8)
    return long.count == 8 ? PackIndex.number(long[...]) : nil
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  static func bytes(of oid: OID) -> [UInt8] {
    let words = oid.words
    return withUnsafeBytes(of: words.0.bigEndian) { Array($0) }
      + withUnsafeBytes(of: words.1.bigEndian) { Array($0) }
      + withUnsafeBytes(of: words.2.bigEndian) { Array($0) }
  }

  private static func name(_ bytes: ArraySlice<UInt8>) -> OID? {
    guard bytes.count == nameSize else { return nil }
    let (high, rest) = (number(bytes.prefix(8)), bytes.dropFirst(8))
    return OID(words: (high, number(rest.prefix(8)), UInt32(truncatingIfNeeded: number(rest.dropFirst(8)))))
  }

  static func open(_ path: String) -> Int32? {
    let raw = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard raw >= 0 else { return nil }
    var status = stat()
    if fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG { return raw }
    _ = close(raw)
    return nil
  }

  private static func end(of file: Int32, _ count: Int) -> [UInt8] {
    var status = stat()
    guard fstat(file, &status) == 0, status.st_size >= count else { return [] }
    return read(file, at: UInt64(Int(status.st_size) - count), count)
  }

  static func read(_ file: Int32, at offset: UInt64, _ count: Int) -> [UInt8] {
    guard let offset = off_t(exactly: offset) else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      used = max(0, pread(file, buffer.baseAddress, count, offset))
    }
  }
}
