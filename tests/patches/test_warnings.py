"""Warnings that a user can do nothing about are not shown."""

import warnings

from mmengine.utils import is_installed

from spinepose_mm.patches.patch import PATCHES


def test_no_word_of_pkg_resources_which_mmengine_imports_and_reloads():
    with warnings.catch_warnings(record=True) as caught:
        warnings.resetwarnings()
        assert is_installed('numpy') and any('pkg_resources' in str(warning.message) for warning in caught)
        caught.clear()
        PATCHES['quiet_warnings'].apply()
        assert is_installed('numpy') and not any('pkg_resources' in str(warning.message) for warning in caught)
