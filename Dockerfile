# The controller and nothing else: no shell, no package manager, no C library.
FROM rust:1.95.0-slim-trixie AS build
# The image's own toolchain, whatever else rust-toolchain.toml asks for.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY . .
# An explicit --target keeps crt-static away from build scripts and procedural macros, which cannot be static.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    triple=$(rustc --print host-tuple) \
    && RUSTFLAGS='-C target-feature=+crt-static' \
       cargo build --release --locked --package self-healing-controller --target "$triple" \
    && mkdir /out && cp "target/$triple/release/self-healing-controller" /out/

FROM scratch
COPY --from=build /out/self-healing-controller /self-healing-controller
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY <<passwd /etc/passwd
self-healing:x:65532:65532:self-healing-controller:/:/sbin/nologin
passwd
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/self-healing-controller"]
