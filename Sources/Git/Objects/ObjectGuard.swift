import Clibgit2
import Czlib
import Glibc
import System

/// Looks at the file of each loose object before libgit2 reads it, whoever asks for it: a merge, a checkout,
/// a diff or we. libgit2 reads a file that was cut off without end, and waits for one that is a FIFO.
///
/// For libgit2 it is one more source of objects, asked first: it has none, and objects to damaged ones. What
/// libgit2 has in its cache is not asked for again.
final class ObjectGuard {
  private let directories: [Directory]
  /// Files that were found whole: libgit2 keeps few objects in its cache, and no large ones.
  private var known: [OID: FileStamp] = [:]
  private let inflation = Inflation()

  private static let mostKnown = 50_000
  /// Whoever reads a larger object, packed, can wait for it.
  private static let largestChecked = off_t(1 << 30)
  private static let damage = "the object's file"
  /// Above every other source.
  private static let priority: Int32 = 10_000

  private init(_ directories: [String]) { self.directories = directories.map(Directory.init) }

  /// Puts a guard before the objects of a repository. Where the objects cannot be opened, whoever reads one
  /// is told.
  static func install(in repository: Repository) {
    var database: OpaquePointer?
    let common = repository.commonDirectory
    guard !common.isEmpty, git_repository_odb(&database, repository.pointer) == 0 else {
      return git_error_clear()
    }
    defer { git_odb_free(database) }
    let place = UnsafeMutablePointer<migrate_object_guard>.allocate(capacity: 1)
    place.initialize(to: migrate_object_guard())
    let directories = directories(common + "/objects", repository.environment)
    _ = git_odb_init_backend(&place.pointee.backend, UInt32(GIT_ODB_BACKEND_VERSION))
    place.pointee.context = Unmanaged.passRetained(ObjectGuard(directories)).toOpaque()
    place.pointee.backend.read = { _, _, _, backend, oid in ObjectGuard.answer(backend, oid) }
    place.pointee.backend.read_header = { _, _, backend, oid in ObjectGuard.answer(backend, oid) }
    place.pointee.backend.foreach = { _, _, _ in 0 }
    place.pointee.backend.free = { backend in
      guard let place = ObjectGuard.place(backend) else { return }
      if let context = place.pointee.context { Unmanaged<ObjectGuard>.fromOpaque(context).release() }
      place.deallocate()
    }
    let backend = UnsafeMutableRawPointer(place).assumingMemoryBound(to: git_odb_backend.self)
    if git_odb_add_backend(database, backend, priority) != 0 {
      place.pointee.backend.free(backend)
      git_error_clear()
    }
  }

  /// What to do about an error of libgit2 that began here.
  static func hint(for message: String) -> String? {
    guard message.hasPrefix(damage) else { return isAboutMissing(message) ? missingHint : nil }
    if message.contains(".pack' ") {
      return
        "'git fsck' lists what is damaged; move the pack and its index away, and fetch what is in it from "
        + "another clone, or copy it from a backup"
    }
    return
      "'git fsck' lists what is damaged; remove the file and fetch the object from another clone, or copy "
      + "it from a backup"
  }

  /// What to do about an object that is gone.
  static let missingHint =
    "'git fsck' lists what is missing; 'git fetch --refetch' brings it from a remote that has it, or copy it "
    + "from a backup"

  /// Whether libgit2 says that a whole name leads to nothing.
  private static func isAboutMissing(_ message: String) -> Bool {
    message.lowercased().hasPrefix("object not found - ") && message.contains { $0 == "(" }
      && OID(String(message.suffix(41).prefix(40))) != nil
  }

  /// Whether an error is about an object that is there, and is not what git wrote.
  static func isDamage(_ message: String) -> Bool { message.hasPrefix(damage) }

  /// The loose object whose file an error of ours names.
  static func damagedObject(in message: String) -> OID? {
    guard message.hasPrefix(damage) else { return nil }
    let path = message.dropFirst(damage.count).drop { $0 != "'" }.dropFirst().prefix { $0 != "'" }
    return OID(path.split(separator: "/").suffix(2).joined())
  }

  private static func place(
    _ backend: UnsafeMutablePointer<git_odb_backend>?
  ) -> UnsafeMutablePointer<migrate_object_guard>? {
    backend.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: migrate_object_guard.self) }
  }

  private static func answer(
    _ backend: UnsafeMutablePointer<git_odb_backend>?, _ oid: UnsafePointer<git_oid>?
  ) -> Int32 {
    guard let context = place(backend)?.pointee.context, let oid else { return GIT_ENOTFOUND.rawValue }
    let own = Unmanaged<ObjectGuard>.fromOpaque(context).takeUnretainedValue()
    guard let fault = own.fault(OID(oid.pointee)) else { return GIT_ENOTFOUND.rawValue }
    git_error_set_str(Int32(GIT_ERROR_ODB.rawValue), fault)
    return GIT_ERROR.rawValue
  }

  /// What is wrong with the object's file, where it has one, or with the pack that it is in.
  private func fault(_ oid: OID) -> String? {
    for directory in directories {
      if let fault = fault(oid, in: directory) { return fault }
    }
    return nil
  }

  private func fault(_ oid: OID, in directory: Directory) -> String? {
    var status = stat()
    guard directory.withPath(of: oid, { $0.map { lstat($0, &status) } }) == 0 else {
      return directory.packs.fault(oid).map { "\(ObjectGuard.damage) \($0)" }
    }
    let stamp = FileStamp(status)
    if known[oid] == stamp { return nil }
    let raw = directory.withPath(of: oid) { path in
      path.map { Glibc.open($0, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) } ?? -1
    }
    guard raw >= 0 else { return nil }
    defer { _ = Glibc.close(raw) }
    guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return "\(ObjectGuard.damage) '\(directory.path(of: oid))' is no file"
    }
    if status.st_size <= ObjectGuard.largestChecked, !inflation.isWhole(raw) {
      return "\(ObjectGuard.damage) '\(directory.path(of: oid))' is cut off or not as git wrote it"
    }
    if known.count >= ObjectGuard.mostKnown { known = [:] }
    known[oid] = stamp
    return nil
  }

  /// Where loose objects lie: the repository's own place, those that the environment names, and those that it
  /// borrows from.
  private static func directories(_ objects: String, _ environment: [String: String]) -> [String] {
    var found = [objects]
    for name in ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"] {
      found += (environment[name] ?? "").split(separator: ":").map(String.init)
    }
    var next = 0
    while next < found.count, found.count < 100 {
      let directory = found[next]
      next += 1
      guard let bytes = try? Files.readFile(directory + "/info/alternates", limit: 1 << 20) else { continue }
      for line in bytes.split(separator: 0x0A) where line.first != UInt8(ascii: "#") {
        let path = Repository.absolute(PathText.string(Array(line)), in: directory)
        if !found.contains(path) { found.append(path) }
      }
    }
    return found
  }
}

/// A place of objects, loose and packed.
private final class Directory {
  let packs: PackGuard
  /// The path of a loose object, terminated: only the digits at its end change.
  private var buffer: [CChar]
  private static let tail = 42

  init(_ path: String) {
    packs = PackGuard(objects: path)
    buffer = PathText.bytes(path + "/").map { CChar(bitPattern: $0) }
    buffer += [CChar](repeating: 0, count: Directory.tail)
  }

  func path(of oid: OID) -> String {
    withPath(of: oid) { PathText.string($0) } ?? oid.hex
  }

  func withPath<Value>(of oid: OID, _ body: (UnsafePointer<CChar>?) -> Value) -> Value {
    var next = buffer.count - Directory.tail
    let start = next
    var hex = oid.hex
    hex.withUTF8 { digits in
      for digit in digits {
        if next == start + 2 {
          buffer[next] = CChar(bitPattern: UInt8(ascii: "/"))
          next += 1
        }
        buffer[next] = CChar(bitPattern: digit)
        next += 1
      }
    }
    return buffer.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}

/// Follows a stream of zlib to its end, and throws away what is in it.
private final class Inflation {
  private static let chunk = 64 << 10
  /// In a place of its own: zlib refuses a stream that was moved.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutablePointer<UInt8>
  private let output: UnsafeMutablePointer<UInt8>
  private let isReady: Bool

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    input = .allocate(capacity: Inflation.chunk)
    output = .allocate(capacity: Inflation.chunk)
    isReady = inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deallocate()
    input.deallocate()
    output.deallocate()
  }

  /// Whether the open file is one whole stream.
  func isWhole(_ file: Int32) -> Bool {
    guard isReady, inflateReset(stream) == Z_OK else { return true }
    while true {
      let count = read(file, input, Inflation.chunk)
      if count < 0 && errno == EINTR { continue }
      // That it cannot be read is told by whoever has to.
      if count < 0 { return true }
      if count == 0 { return false }
      stream.pointee.next_in = input
      stream.pointee.avail_in = uInt(count)
      while true {
        stream.pointee.next_out = output
        stream.pointee.avail_out = uInt(Inflation.chunk)
        switch inflate(stream, Z_NO_FLUSH) {
        case Z_STREAM_END: return true
        case Z_OK where stream.pointee.avail_out == 0: continue
        case Z_OK, Z_BUF_ERROR: break
        default: return false
        }
        break
      }
    }
  }
}
