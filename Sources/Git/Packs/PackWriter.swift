import Clibgit2
import Czlib

/// Writes a pack of whole objects, none of them as the difference to another (gitformat-pack(5)).
///
/// libgit2's own builder looks for differences between all objects of a kind, which cannot be turned off and
/// takes longer than all else that a batch does; `git gc` finds them later.
final class PackWriter {
  private var bytes: [UInt8] = []
  /// In a place of its own: zlib refuses a stream that was moved.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Begins a pack of exactly so many objects. Throws when there is no memory.
  init(count: Int) throws(GitError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    bytes += "PACK".utf8
    for number in [2, UInt32(clamping: count)] {
      for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    try check(
      deflateInit_(stream, Z_BEST_SPEED, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)), returns: Z_OK)
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Adds one object. Throws when there is no memory.
  func add(_ content: [UInt8], as kind: ObjectKind) throws(GitError) {
    var rest = content.count >> 4
    var byte = PackWriter.number(of: kind) << 4 | UInt8(content.count & 0x0F)
    while rest > 0 {
      bytes.append(byte | 0x80)
      byte = UInt8(rest & 0x7F)
      rest >>= 7
    }
    bytes.append(byte)
    try deflateWhole(content)
  }

  /// The whole pack, with its checksum at the end.
  func finish() -> [UInt8] { bytes + SHA1.digest(of: bytes) }

  /// Ends the pack and puts it into a repository, synced to the disk; none of its objects is there before.
  func store(in repository: Repository) throws(GitError) {
    let operation = "write a pack to"
    let folder = repository.commonDirectory + "/objects/pack"
    let bytes = finish()
    var handle: OpaquePointer?
    try Git.check(git_indexer_new(&handle, folder, 0, nil, nil), operation, folder)
    let indexer = try unwrap(handle, operation)
    defer { git_indexer_free(indexer) }
    var progress = git_indexer_progress()
    // In one piece: the file is mapped anew for every one.
    let code = bytes.withUnsafeBytes { git_indexer_append(indexer, $0.baseAddress, $0.count, &progress) }
    try Git.check(code, operation, folder)
    try Git.check(git_indexer_commit(indexer, &progress), operation, folder)
  }

  private func deflateWhole(_ content: [UInt8]) throws(GitError) {
    try check(deflateReset(stream), returns: Z_OK)
    let start = bytes.count
    let room = Int(deflateBound(stream, UInt(content.count)))
    bytes.append(contentsOf: repeatElement(0, count: room))
    let code = content.withUnsafeBufferPointer { source in
      bytes.withUnsafeMutableBufferPointer { target in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        stream.pointee.avail_in = UInt32(clamping: source.count)
        stream.pointee.next_out = target.baseAddress.map { $0 + start }
        stream.pointee.avail_out = UInt32(clamping: room)
        return deflate(stream, Z_FINISH)
      }
    }
    try check(code, returns: Z_STREAM_END)
    bytes.removeLast(Int(stream.pointee.avail_out))
  }

  private func check(_ code: Int32, returns wanted: Int32) throws(GitError) {
    guard code != wanted else { return }
    throw GitError(message: "zlib gives \(code)", operation: "compress objects for", subject: "a pack")
  }

  private static func number(of kind: ObjectKind) -> UInt8 {
    switch kind {
    case .commit: 1
    case .tree: 2
    case .blob: 3
    case .tag: 4
    }
  }
}
