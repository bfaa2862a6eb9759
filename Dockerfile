FROM rust:1-slim-trixie AS build
# The official image and Debian's differ in this.
ENV CARGO_HOME=/usr/local/cargo CARGO_TARGET_DIR=/target
WORKDIR /src
COPY ghillie/ ./
# Crates and compiled dependencies stay in caches between builds, so a changed line compiles one crate.
# A copied file may be older than what was compiled from its last version, and cargo goes by time: so
# the crate's own sources are made new.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/target,sharing=locked \
    find src -name '*.rs' -exec touch {} + \
    && cargo build --locked --release \
    && cp /target/release/ghillie /ghillie

FROM debian:trixie-slim
COPY --from=build /ghillie /usr/local/bin/ghillie
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/ghillie"]
