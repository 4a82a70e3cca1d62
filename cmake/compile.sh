#!/bin/sh
# Compiler launcher: ccache, which is told the checksum of a precompiled header instead of reading its 115 MB anew for
# every file that uses it.
export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1
case " $* " in *.gch\ *) ;; *) exec ccache "$@" ;; esac
ccache "$@" || exit
while [ "$1" != -o ]; do shift; done
sha256sum <"$2" >"$2.sum"
