import Clinux
import Glibc
import System

/// What programs that we start get to see of our environment: the one place where lists of names stand. Which
/// child gets which, the launcher says of all but the `git` program, which has a list of its own (`ofGit`):
/// its hooks, helpers and ssh need what no child of the launcher gets.
public enum ChildEnvironment {
  /// This process's environment; when a name occurs twice the first counts, as for `getenv`.
  public static func current() -> [String: String] {
    var variables: [String: String] = [:]
    guard let list = migrate_environment() else { return variables }
    var index = 0
    while let entry = list[index] {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "="), equals != text.startIndex {
        let name = String(text[..<equals])
        if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
      }
      index += 1
    }
    return variables
  }

  /// The environment for an untrusted child: the harmless variables of `parent` that tools need to be found
  /// and to speak the right language, then `extraNames` of `parent` by exact name, then `adding`, which wins.
  ///
  /// Credentials never pass by a rule (names that speak of tokens, keys, secrets and passwords, agents'
  /// sockets, `GIT_*`, `AWS_*`); only `extraNames` and `adding` can bring one in.
  public static func allowList(
    from parent: [String: String], adding: [String: String] = [:], extraNames: [String] = []
  ) -> [String: String] {
    var result = parent.filter { isHarmless($0.key) }
    for name in extraNames { if let value = parent[name] { result[name] = value } }
    return result.merging(adding) { _, added in added }
  }

  private static let names: Set<String> = [
    "PATH", "HOME", "LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "TZ", "TMPDIR", "USER", "LOGNAME",
    "SHELL", "CI", "SOURCE_DATE_EPOCH", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "NIX_PATH", "NIX_PROFILES",
    "NIX_SSL_CERT_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "no_proxy",
    // toolchains
    "CC", "CXX", "CFLAGS", "CXXFLAGS", "LDFLAGS", "MAKEFLAGS", "CMAKE_PREFIX_PATH", "JAVA_HOME",
    "JDK_HOME", "MAVEN_HOME", "M2_HOME", "MAVEN_OPTS", "GRADLE_HOME", "GRADLE_USER_HOME", "GRADLE_OPTS",
    "KOTLIN_HOME", "SCALA_HOME", "ANDROID_HOME", "ANDROID_SDK_ROOT", "GOPATH", "GOROOT", "GOCACHE",
    "GOMODCACHE", "GOFLAGS", "GOPROXY", "CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYENV_ROOT",
    "PYENV_VERSION", "PYTHONPATH", "PYTHONUNBUFFERED", "UV_CACHE_DIR", "PIP_CACHE_DIR", "NODE_PATH",
    "NODE_ENV", "NODE_OPTIONS", "NVM_DIR", "FNM_DIR", "VOLTA_HOME", "PNPM_HOME", "BUN_INSTALL",
    "DENO_DIR", "NPM_CONFIG_CACHE", "npm_config_cache", "GEM_HOME", "GEM_PATH", "RBENV_ROOT",
    "BUNDLE_PATH", "DOTNET_ROOT", "NUGET_PACKAGES", "SWIFT_EXEC", "TOOLCHAINS", "DEVELOPER_DIR",
    "SWIFTLY_HOME_DIR", "SWIFTLY_BIN_DIR", "COMPOSER_HOME", "MIX_HOME", "HEX_HOME", "OPAMROOT",
    "OPAM_SWITCH_PREFIX", "GHCUP_INSTALL_BASE_PREFIX", "STACK_ROOT", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
    "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "CCACHE_DIR", "SCCACHE_DIR",
  ]

  private static func isHarmless(_ name: String) -> Bool {
    guard names.contains(name) || name.hasPrefix("LC_") else { return false }
    // A proxy's address with a password in it is the user's own choice of where to put it; it is a name that
    // tools need. The names below never pass, even if the list above grew one by mistake.
    return !VariableName.speaks(
      name,
      of: ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "_KEY", "APIKEY", "GIT_", "AWS_", "SSH_"])
  }
}
