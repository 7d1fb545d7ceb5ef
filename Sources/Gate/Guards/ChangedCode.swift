/// The code of a change that is no test, cut into tokens once for all that look into it.
struct ChangedCode {
  /// One file, on both sides where it has them.
  struct File {
    var change: ChangedPath
    var path: TestPath
    var language: any TestLanguage
    var old: SourceCode?
    var new: SourceCode?
  }

  let files: [File]

  init(_ change: TreeChange) {
    files = change.paths.compactMap { changed in
      let path = TestPath(changed.path)
      // Rust's tests stand below the code.
      guard let language = TestLanguages.language(of: path),
        !language.isTestPath(path) || path.ending == "rs", !path.isBelowTests
      else { return nil }
      func code(_ text: String?) -> SourceCode? {
        text.flatMap { $0.utf8.count <= TestFile.readLimit ? SourceCode($0, language.dialect) : nil }
      }
      return File(
        change: changed, path: path, language: language,
        old: code(changed.oldPath.flatMap(change.oldText)), new: code(changed.newPath.flatMap(change.newText))
      )
    }
  }
}
