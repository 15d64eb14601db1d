# The same set-up as on a desk, without the tools for training and tests. Both images are those of Python 3.11.16 in
# September 2026; `make digests` pins today's.
FROM python:3.11-bookworm@sha256:b99029c95d3d37fb1e4e76d287f7984373dca77c665885986e31b2c95260c13c AS build
WORKDIR /app
COPY Makefile pyproject.toml ./
COPY requirements requirements
RUN make serving \
 && .venv/bin/python -m compileall -q -j 0 .venv/lib
COPY . .
RUN make serving

FROM python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin bot \
 && install --directory --owner=10001 --group=10001 /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data
USER 10001
VOLUME /data
# Healthy means: a call for updates has succeeded lately. A bot that ends takes the container with it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-m", "bot.health"]
CMD ["python", "-m", "bot"]
