extension GitProgram {
  /// The commit that last changed a line, from 1, of a file as it is in `revision`; `nil` when there is no
  /// such file or line there. Throws when git cannot be run.
  public func origin(ofLine line: Int, in path: String, at revision: String) throws(GitError) -> OID? {
    let output = try run(
      ["blame", "--porcelain", "-L", "\(line),\(line)", revision, "--", path])
    guard output.isSuccess else { return nil }
    return output.text.split(separator: " ").first.flatMap { OID(String($0)) }
  }
}
