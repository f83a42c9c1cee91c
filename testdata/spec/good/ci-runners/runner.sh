#!/bin/bash
set -eu
register --name "${runner_name}" --token "${token}" --home "${HOME}"
