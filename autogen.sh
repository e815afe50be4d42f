#!/bin/sh
# Make ./configure.
cd "$(dirname "$0")" && exec autoreconf -fi
