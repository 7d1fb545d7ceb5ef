import Clibgit2
import Glibc
import Processes

/// Looks at the packs of a folder before libgit2 reads an object in one.
///
/// An object may be kept as the difference to another, by that one's name, and libgit2 follows such a chain
/// without end when it comes back to itself. git never writes that, and makes no index of it; a pack whose
/// index was made by something else can have it. A small pack is looked through once for each process; of
/// others only the chains of the objects that are asked for, which libgit2 reads next anyway. Of a pack that
/// was cut off it only says that nothing is there.
final class PackGuard {
  private let folder: String
  private var listed: FileStamp?
  /// Those that are asked about each object: large ones, and such as have a chain without end.
  private var asked: [String: PackIndex] = [:]
  private var sound: [String: FileStamp] = [:]

  /// How many objects a pack has at most that is looked through as a whole.
  private static let smallest: UInt32 = 1000
  /// A folder may change again in the same tick of the file system's clock: so long, in seconds, its time
  /// says nothing.
  private static let tick: Int64 = 1

  init(objects: String) { folder = objects + "/pack" }

  /// What is wrong with the pack that an object is in, which begins with its place; `nil` when nothing is.
  func fault(_ oid: OID) -> String? {
    refresh()
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
    guard let cut, !isElsewhere, !sound.keys.contains(where: { has(oid, in: $0) }) else { return nil }
    return "'\(cut)' is cut off or not as git wrote it"
  }

  private func has(_ oid: OID, in name: String) -> Bool {
    let path = pack(of: name)
    guard let stamp = FileStamp(path) else { return false }
    return PackIndex(index: folder + "/" + name, path: path, stamp: stamp)?.offset(of: oid) != nil
  }

  private func pack(of name: String) -> String { folder + "/" + name.dropLast(".idx".count) + ".pack" }

  private func refresh() {
    guard let now = FileStamp(folder) else {
      (listed, asked, sound) = (nil, [:], [:])
      return
    }
    if now == listed { return }
    let names = ((try? Files.listDirectory(folder)) ?? []).filter { $0.hasSuffix(".idx") }
    var (large, good): ([String: PackIndex], [String: FileStamp]) = ([:], [:])
    for name in names {
      let path = pack(of: name)
      guard let stamp = FileStamp(path) else { continue }
      if sound[name] == stamp {
        good[name] = stamp
      } else if let known = asked[name], known.stamp == stamp {
        large[name] = known
      } else if let pack = PackIndex(index: folder + "/" + name, path: path, stamp: stamp) {
        if pack.isWhole, pack.count <= PackGuard.smallest, pack.isSound() {
          good[name] = stamp
        } else {
          large[name] = pack
        }
      }
    }
    (asked, sound) = (large, good)
    listed = now.isOlder(than: PackGuard.tick) ? now : nil
  }
}

/// What the file system says of a file: another content has another.
struct FileStamp: Equatable {
  private let device: UInt
  private let inode: UInt
  private let size: Int
  private let modified: (seconds: Int, nanoseconds: Int)
  private let changed: (seconds: Int, nanoseconds: Int)

  init(_ status: stat) {
    (device, inode, size) = (UInt(status.st_dev), UInt(status.st_ino), Int(status.st_size))
    modified = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    changed = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
  }

  /// `nil` when there is no such file.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  static func == (one: FileStamp, other: FileStamp) -> Bool {
    one.device == other.device && one.inode == other.inode && one.size == other.size
      && one.modified == other.modified && one.changed == other.changed
  }

  /// Whether the last change is longer ago than so many seconds.
  func isOlder(than seconds: Int64) -> Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) - Int64(max(modified.seconds, changed.seconds)) > seconds
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

  /// Whether none of its objects has a chain without end.
  func isSound() -> Bool {
    let all = (0..<count).compactMap(offset(at:))
    let differ = all.contains { at in
      if case .named? = base(at: at) { true } else { false }
    }
    // A difference to an object by its distance leads backwards only.
    return !differ || !all.contains(where: isEndless)
  }

  /// Where an object begins in the pack; `nil` when it is not in it.
  func offset(of oid: OID) -> UInt64? {
    let name = PackIndex.bytes(of: oid)
    guard firsts.count == 256, let first = name.first else { return nil }
    var low = first == 0 ? 0 : firsts[Int(first) - 1]
    var high = firsts[Int(first)]
    while low < high {
      let middle = low + (high - low) / 2
      let found = PackIndex.read(index, at: place(ofName: middle), PackIndex.nameSize)
      if found == name { return offset(at: middle) }
      if found.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
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

  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func bytes(of oid: OID) -> [UInt8] {
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

  private static func open(_ path: String) -> Int32? {
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

  private static func read(_ file: Int32, at offset: UInt64, _ count: Int) -> [UInt8] {
    guard let offset = off_t(exactly: offset) else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      used = max(0, pread(file, buffer.baseAddress, count, offset))
    }
  }
}
