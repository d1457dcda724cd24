// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MaskKey} from "../../../contracts/types/Federation.sol";

/// @title MaskKeys
/// @notice Points of prime order of Baby Jubjub, each eight times the one before; the first is the base point of EIP-2494.
library MaskKeys {
    /// @notice Keys there are.
    uint256 internal constant COUNT = 6;

    /// @notice A key and the point whose eighth multiple it is.
    function at(uint256 index) internal pure returns (MaskKey memory key, MaskKey memory eighth) {
        return (_point(index + 1), _point(index));
    }

    function _point(uint256 index) private pure returns (MaskKey memory) {
        uint256[2][COUNT + 1] memory points = [
            [
                uint256(0x0bb77a6ad63e739b4eacb2e09d6277c12ab8d8010534e0b62893f3f6bb957051),
                0x25797203f7a0b24925572e1cd16bf9edfce0051fb9e133774b3c257a872d7d8b
            ],
            [
                0x10c347ae3592776a678f9fc29ecd029f8297367209a4f28f7cb49b09bffd4145,
                0x113f8246f336e8d375c9daab552816825f481c210226f307bc863e017642566c
            ],
            [
                0x18a5420552f0b1e820a9343630a71a0edbe946fd5bab5d1b854f8837958c680b,
                0x1022663ba1946e4b661dd891e40711f4fb275ef1c89a5e6b1a82fea4ee7655f6
            ],
            [
                0x0bb8e74f447dfffc62cdd9d2f6ebc489013e26c46a1c1432cf4042e6d7d98afe,
                0x0ca304a231997210c0deb8da8fa802557d5e53d881f6cac10d0ba707d2365fad
            ],
            [
                0x202d1a63f769e7b7e3d2471d96c0ee589b4abe6d2802d2a988879a185ab4b16f,
                0x1e0c5f062965228e89ad7c71b6573cb327216bc3037d865115debbb8c369acd2
            ],
            [
                0x04c632192483f04ff4aa214c7705babdacc99ea53da53faf81241ea7be70b032,
                0x2d727fa6bfa43207055e8bc8ceb8bdb28823fe12db59cf1ae1f26c830d12cd89
            ],
            [
                0x0f848b9a2cda0afd95bef36e2e9601e739188cacbf121aca3220a9914f9ed913,
                0x1791b3357196651672bff4955ae5dc61c07d963207fc7874848bce254db6e0e9
            ]
        ];
        return MaskKey(points[index][0], points[index][1]);
    }
}
