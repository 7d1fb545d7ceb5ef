import Glibc

/// How much of a disk folders take.
public enum DiskUse {
  /// How deep folders are looked into.
  private static let depth = 200

  /// The bytes of disk that everything below the paths takes; links are not followed, and what cannot be read
  /// is left out. Stops counting once it is more than `limit`.
  public static func bytes(below paths: [String], limit: Int = .max) -> Int {
    var sum = 0
    var waiting = paths.map { (path: $0, depth: 0) }
    while let (path, level) = waiting.popLast(), sum <= limit {
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      sum += Int(status.st_blocks) * 512
      guard status.st_mode & S_IFMT == S_IFDIR, level < depth else { continue }
      let names = (try? Files.listDirectory(path)) ?? []
      waiting += names.map { (path + "/" + $0, level + 1) }
    }
    return sum
  }
}
