import Glibc
import System

extension Repository {
  /// The full names of the branches, but for those below `folder` (a full name that ends with a slash). Told
  /// by the names of files alone, none of which is opened: of the branches of thousands of migrations nothing
  /// is read. Throws when a folder cannot be read.
  public func branchNames(outside folder: String) throws(GitError) -> Set<String> {
    let operation = "list branches"
    var names = try packedBranchNames(outside: folder)
    var folders = ["refs/heads/"]
    while let next = folders.popLast() {
      guard let handle = try DirectoryHandle.open("\(commonDirectory)/\(next.dropLast())", operation) else {
        continue
      }
      for (entry, kind) in try handle.kinds(operation) {
        let name = next + handle.text(entry)
        switch kind {
        case S_IFDIR where name + "/" != folder: folders.append(name + "/")
        case S_IFDIR, 0: continue
        // A lock of git's.
        case _ where name.hasSuffix(".lock"): continue
        default: names.insert(name)
        }
      }
    }
    return names
  }

  /// Those among the refs that are packed into one file, a line each: the object, a space, the name.
  private func packedBranchNames(outside folder: String) throws(GitError) -> Set<String> {
    try PlaceCheck.requirePackedRefs(commonDirectory)
    let path = "\(commonDirectory)/packed-refs"
    let bytes: [UInt8]?
    do { bytes = try Files.readFile(path, limit: 1 << 30) } catch {
      throw GitError(message: error.description, operation: "list branches", subject: path)
    }
    let (branches, left) = (Array("refs/heads/".utf8), Array(folder.utf8))
    var names: Set<String> = []
    for line in (bytes ?? []).split(separator: 0x0A) where line.first != 0x23 && line.first != 0x5E {
      guard let space = line.firstIndex(of: 0x20) else { continue }
      let name = line[(space + 1)...]
      if name.starts(with: branches), !name.starts(with: left) { names.insert(PathText.string(name)) }
    }
    return names
  }
}
