/// What a toolchain says it is.
package enum ToolchainAnswer: Equatable {
  /// The digest of that.
  case digest(String)
  /// Nobody knows: why.
  case unknown(String)
}
